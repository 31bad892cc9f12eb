//! What callers send.

use crate::problem::Problem;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// A body that takes longer is not waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A JSON object as body. What cannot be read is a problem that says where.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = tokio::time::timeout(PATIENCE, axum::Json::from_request(request, state)).await;
        let axum::Json(Object(value)) = read
            .map_err(|_| Problem::too_slow())?
            .map_err(|rejection: JsonRejection| Problem::bad_body(rejection.status(), rejection.body_text()))?;
        Ok(Self(value))
    }
}

/// Read from an object only: a list of the members' values in their order would do for serde as well.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

/// The largest whole number that every reader of JSON keeps as it is (RFC 8259 section 6).
const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// A count from 1. JSON has one kind of number: 2.0 is 2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = u64, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
pub(crate) struct Position(pub(crate) u64);

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        counted(deserializer, 1).map(Self)
    }
}

/// A count from 0. JSON has one kind of number: 2.0 is 2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Count(pub(crate) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        counted(deserializer, 0).map(Self)
    }
}

fn counted<'de, D: Deserializer<'de>>(deserializer: D, least: u64) -> Result<u64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let whole = number.as_u64().or_else(|| number.as_f64().and_then(whole));
    let wanted = || format!("a whole number from {least} to {LARGEST_EXACT} is wanted, not {number}");
    whole.filter(|whole| (least..=LARGEST_EXACT).contains(whole)).ok_or_else(|| D::Error::custom(wanted()))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole, not negative and small enough"
)]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && number >= 0.0 && number < (1_u64 << 53) as f64).then_some(number as u64)
}
