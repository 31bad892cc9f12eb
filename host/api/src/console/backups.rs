//! The page of backups, and what its forms and links ask for.

use super::asking::{Named, Sent};
use super::changes::done;
use super::pages::Page;
use super::signed_in::SignedIn;
use axum::http::Method;
use axum::response::Response;

pub(super) async fn list(who: SignedIn) -> Page {
    let listed = who.get("/v1/backups").await?;
    Ok(who.page(purser_console::backups(&who.frame(), &listed)))
}

pub(super) async fn make(sent: Sent) -> Response {
    let answer = sent.who.send(Method::POST, "/v1/backups", None).await;
    done(&sent.who, &answer, "/backups", &format!("The backup {} is made.", answer.text("name", "")))
}

pub(super) async fn download(who: SignedIn, Named(name): Named) -> Response {
    who.pass_on(&format!("/v1/backups/{name}/content")).await
}

pub(super) async fn remove(Named(name): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::DELETE, &format!("/v1/backups/{name}"), None).await;
    done(&sent.who, &answer, "/backups", &format!("The backup {name} is removed."))
}
