//! Sends a message to the receiver of one webhook, through the broker: its rules for addresses, TLS and sizes hold here too.

use crate::message::Message;
use crate::signature::SigningKeys;
use crate::verdict::{self, Verdict};
use jiff::Timestamp;
use purser_broker::Endpoint;
use purser_broker::egress::{Names, SystemNames};
use purser_broker::http::{Broker, Call, EndpointError, Field, Method, Request, RequestCounts};
use purser_model::egress::EgressRules;
use purser_model::id::WebhookName;
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use purser_model::webhook::Webhook;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// What a receiver answers is read no further.
const LARGEST_ANSWER: u64 = 1 << 20;

/// The way to one receiver, with the connections that are kept.
pub(crate) struct Sender {
    name: String,
    url: Url,
    timeout: Duration,
    broker: Broker,
}

impl Sender {
    /// The way to the receiver of a webhook. Connections are made when they are first used.
    pub(crate) fn new(name: &WebhookName, webhook: &Webhook) -> Result<Self, EndpointError> {
        Self::with_names(name, webhook, &(Arc::new(SystemNames) as Arc<dyn Names>))
    }

    fn with_names(name: &WebhookName, webhook: &Webhook, names: &Arc<dyn Names>) -> Result<Self, EndpointError> {
        let mut origin = webhook.url.clone();
        origin.set_path("/");
        origin.set_query(None);
        let egress = EgressRules {
            methods: [Method::Post].into(),
            addresses: webhook.addresses.clone(),
            ca: webhook.ca.clone(),
            ..EgressRules::default()
        };
        let endpoint =
            Endpoint { egress, timeout: webhook.timeout, max_response_bytes: LARGEST_ANSWER, ..Endpoint::new(origin) };
        let name = format!("webhook {name}");
        let broker = Broker::with_names(&BTreeMap::from([(name.clone(), endpoint)]), names)?;
        Ok(Self { name, url: webhook.url.clone(), timeout: webhook.timeout, broker })
    }

    /// Sends a message once and judges the answer.
    pub(crate) async fn send(&self, keys: &SigningKeys, message: &Message, now: Timestamp) -> Verdict {
        let seconds = now.as_second();
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", message.id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", keys.sign(&message.id, seconds, &message.body)),
        ];
        let request = Request {
            endpoint: self.name.clone(),
            method: Method::Post,
            path: String::new(),
            query: Vec::new(),
            headers: headers.map(|(name, value)| Field { name: name.to_owned(), value }).into(),
            body: Some(message.body.clone().into_bytes()),
            secrets: Vec::new(),
            timeout: Some(self.timeout),
        };
        let (slots, counts) = (Slots::default(), RequestCounts::default());
        let call = Call { phase: Phase::Write, slots: &slots, operations: &[], counts: &counts };
        verdict::judge(self.broker.follow(&call, self.url.as_str(), request).await, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message;
    use async_trait::async_trait;
    use std::io;
    use std::net::IpAddr;

    /// Every name leads inside.
    #[derive(Debug)]
    struct Inside;

    #[async_trait]
    impl Names for Inside {
        async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
            Ok(vec!["10.1.2.3".parse().expect("an address")])
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_an_inner_address_is_not_dialled() {
        let name = "siem".parse().unwrap();
        // Without TLS, so that the machine needs no certificates.
        let url = Url::parse("http://hooks.example/in?key=hidden").unwrap();
        let webhook = Webhook::new(url, "signing".parse().unwrap());
        let sender = Sender::with_names(&name, &webhook, &(Arc::new(Inside) as Arc<dyn Names>)).unwrap();
        let message = message::test(&name, Timestamp::UNIX_EPOCH);
        let verdict = sender.send(&SigningKeys::none(), &message, Timestamp::UNIX_EPOCH).await;
        let Verdict::Failed { reason, patience: None } = verdict else { panic!("{verdict:?}") };
        assert!(reason.contains("private") && reason.contains("`addresses`"), "{reason}");
        assert!(!reason.contains("hidden"), "{reason}");
    }

    #[test]
    fn certificates_that_cannot_be_read_are_named() {
        let url = Url::parse("https://hooks.example/").unwrap();
        let webhook = Webhook { ca: Some("/nowhere/siem.pem".into()), ..Webhook::new(url, "signing".parse().unwrap()) };
        let error = Sender::new(&"siem".parse().unwrap(), &webhook).err().unwrap().to_string();
        assert!(error.contains("webhook siem") && error.contains("/nowhere/siem.pem"), "{error}");
    }
}
