//! Targets that never showed what they hold.

use crate::stage::Stage;
use purser_connector::Fault;
use purser_model::edit::{ConnectorError, ErrorClass};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// A target that does not tell its classes before it is up, and how often it was asked.
fn down(stage: &Stage) -> (Arc<AtomicBool>, Arc<AtomicU32>) {
    let (up, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let (is_up, counter) = (up.clone(), asked.clone());
    stage.application.interfere(move |call, _| {
        if call != "schema" {
            return None;
        }
        counter.fetch_add(1, Ordering::SeqCst);
        let class = ErrorClass::Unavailable { after_ms: None };
        let error = ConnectorError { class, message: "nobody answers".into(), native_code: None };
        (!is_up.load(Ordering::SeqCst)).then_some(Fault::Connector(error))
    });
    (up, asked)
}

#[tokio::test]
async fn whoever_came_while_a_new_target_was_down_gets_an_account_once_it_is_up() {
    for with_a_restart in [false, true] {
        let mut stage = Stage::with("");
        let (up, asked) = down(&stage);
        stage.employ(3).await;
        assert_eq!(stage.application.content().people.len(), 0);
        assert_eq!(stage.work().await.next, None, "nobody is awake any more");
        let before = asked.load(Ordering::SeqCst);
        stage.work().await;
        assert_eq!(asked.load(Ordering::SeqCst), before, "it is not asked all the time");
        for _ in 0..20 {
            stage.wait("1h");
            stage.work().await;
        }
        assert!(asked.load(Ordering::SeqCst) > before, "it is asked again");
        up.store(true, Ordering::SeqCst);
        if with_a_restart {
            stage.restart().await;
        }
        stage.wait("1h");
        stage.settle().await;
        assert_eq!(stage.application.content().people.len(), 3, "with a restart: {with_a_restart}");
    }
}
