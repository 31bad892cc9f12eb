//! Components that lie below the level of any language: they are written by hand, and what they hand over are addresses,
//! lengths and discriminants that do not fit the contract.

use crate::environment::{assert_others_go_on, runtime, search, settings};
use purser_connector::{Fault, Limit};
use purser_runtime::{CallLimits, LoadError, SessionSettings};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const WORLD: &str = "package tests:liar; \
     world liar { import purser:connector/log@0.1.0; export purser:connector/provisioning@0.1.0; }";

/// Where the answer of `search` is written.
const ANSWER: usize = 4096;
/// Where its one object is written.
const OBJECT: usize = 8192;
/// Where nothing is.
const NOWHERE: u32 = 0x7fff_0000;

/// A lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    ListIsNowhere,
    ListIsTooLong,
    TextIsNowhere,
    TextIsNoUtf8,
    ResultDoesNotExist,
    TailDoesNotExist,
    OptionDoesNotExist,
    ErrorClassDoesNotExist,
    AnswerIsNowhere,
    AnswerIsAskew,
    SpaceIsNowhere,
    SpaceIsAskew,
    SpaceIsATrap,
    CallsTheHostWhileGivingSpace,
    TrapsAfterwards,
    CallsTheHostAfterwards,
    GrowsItsTable,
    GrowsItsMemory,
    LoopsAtTheStart,
    TrapsAtTheStart,
    ManifestIsNowhere,
}

impl Lie {
    const ALL: [Self; 22] = [
        Self::None,
        Self::ListIsNowhere,
        Self::ListIsTooLong,
        Self::TextIsNowhere,
        Self::TextIsNoUtf8,
        Self::ResultDoesNotExist,
        Self::TailDoesNotExist,
        Self::OptionDoesNotExist,
        Self::ErrorClassDoesNotExist,
        Self::AnswerIsNowhere,
        Self::AnswerIsAskew,
        Self::SpaceIsNowhere,
        Self::SpaceIsAskew,
        Self::SpaceIsATrap,
        Self::CallsTheHostWhileGivingSpace,
        Self::TrapsAfterwards,
        Self::CallsTheHostAfterwards,
        Self::GrowsItsTable,
        Self::GrowsItsMemory,
        Self::LoopsAtTheStart,
        Self::TrapsAtTheStart,
        Self::ManifestIsNowhere,
    ];

    /// Whether the file is not even loaded, since the guest does not come to describe itself.
    fn keeps_it_from_loading(self) -> bool {
        matches!(self, Self::LoopsAtTheStart | Self::TrapsAtTheStart | Self::ManifestIsNowhere)
    }

    /// Whether a search comes to what it must.
    fn is_caught(self, ended: &Result<purser_model::object::Page, Fault>) -> bool {
        match self {
            Self::None => matches!(ended, Ok(page) if page.objects.len() == 1 && page.objects[0].id == "liar"),
            Self::SpaceIsATrap | Self::TrapsAfterwards => matches!(ended, Err(Fault::Trapped(_))),
            Self::CallsTheHostWhileGivingSpace | Self::CallsTheHostAfterwards => {
                matches!(ended, Err(Fault::Trapped(_) | Fault::BrokenContract(_)))
            }
            Self::GrowsItsTable => matches!(ended, Err(Fault::LimitExceeded { limit: Limit::Table, .. })),
            Self::GrowsItsMemory => matches!(ended, Err(Fault::LimitExceeded { limit: Limit::Memory, .. })),
            // A list that is too long for the memory is also too long to be copied.
            Self::ListIsTooLong => {
                matches!(ended, Err(Fault::BrokenContract(_) | Fault::LimitExceeded { limit: Limit::Output, .. }))
            }
            _ => matches!(ended, Err(Fault::BrokenContract(_))),
        }
    }

    /// The component: a manifest, an answer to `search`, and the lie in one of them or in what is around them.
    fn component(self) -> Vec<u8> {
        let mut resolve = Resolve::default();
        resolve.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).unwrap();
        let package = resolve.push_str("liar.wit", WORLD).unwrap();
        let world = resolve.select_world(&[package], Some("liar")).unwrap();
        let mut module = wat::parse_str(self.module()).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
    }

    fn module(self) -> String {
        let log = "(call $log (i32.const 1) (i32.const 1024) (i32.const 4))";
        let space = match self {
            Self::SpaceIsNowhere => format!("(i32.const {})", NOWHERE - NOWHERE % 8),
            Self::SpaceIsAskew => "(i32.const 65537)".to_owned(),
            Self::SpaceIsATrap => "(unreachable)".to_owned(),
            Self::CallsTheHostWhileGivingSpace => format!("{log} (i32.const 65536)"),
            _ => "(i32.const 65536)".to_owned(),
        };
        let forever = |grow: &str| format!("(loop $again (br_if $again (i32.ne {grow} (i32.const -1)))) (unreachable)");
        let searching = match self {
            Self::AnswerIsNowhere => format!("(i32.const {})", NOWHERE - NOWHERE % 8),
            Self::AnswerIsAskew => format!("(i32.const {})", ANSWER + 1),
            Self::GrowsItsTable => forever("(table.grow $table (ref.null func) (i32.const 1000))"),
            Self::GrowsItsMemory => forever("(memory.grow (i32.const 16))"),
            _ => format!("(i32.const {ANSWER})"),
        };
        let afterwards = match self {
            Self::TrapsAfterwards => "(unreachable)".to_owned(),
            Self::CallsTheHostAfterwards => log.to_owned(),
            _ => String::new(),
        };
        let start = match self {
            Self::LoopsAtTheStart => "(func $start (loop $again (br $again))) (start $start)",
            Self::TrapsAtTheStart => "(func $start (unreachable)) (start $start)",
            _ => "",
        };
        let interface = "purser:connector/provisioning@0.1.0";
        let mut exports = String::new();
        for (name, parameters) in
            [("check", 1), ("schema", 0), ("get", 4), ("changes", 5), ("apply", 2), ("upgrade-config", 4)]
        {
            let parameters = "i32 ".repeat(parameters);
            writeln!(exports, "(func (export \"{interface}#{name}\") (param {parameters}) (result i32) (unreachable))")
                .unwrap();
        }
        format!(
            r#"(module
                (import "purser:connector/log@0.1.0" "write" (func $log (param i32 i32 i32)))
                (memory (export "memory") 4)
                (table $table 1 funcref)
                {start}
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {space})
                (func (export "{interface}#describe") (result i32) (i32.const 2048))
                (func (export "{interface}#search") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) {searching})
                (func (export "cabi_post_{interface}#search") (param i32) {afterwards})
                {exports}
                (data (i32.const 1024) "liar1.0.0{{}}\ff\fe")
                (data (i32.const 2048) "{manifest}")
                (data (i32.const {ANSWER}) "{answer}")
                (data (i32.const {OBJECT}) "{object}")
            )"#,
            manifest = escaped(&self.manifest()),
            answer = escaped(&self.answer()),
            object = escaped(&self.object()),
        )
    }

    /// The record `manifest`: four texts, the schema, no classes, limits, and no needs.
    fn manifest(self) -> Vec<u8> {
        let (name, version, schema) = ((1024, 4), (1028, 5), (1033, 2));
        let classes = if self == Self::ManifestIsNowhere { (NOWHERE, 3) } else { (0, 0) };
        let pairs = [name, version, name, name, schema, classes, (10, 10), (0, 0), (0, 0), (0, 0)];
        words(pairs.into_iter().flat_map(|(address, length)| [address, length]))
    }

    /// `result<page, error>`: the discriminant, then from the eighth byte on the page.
    fn answer(self) -> Vec<u8> {
        let discriminant = match self {
            Self::ResultDoesNotExist => 7,
            Self::ErrorClassDoesNotExist => 1,
            _ => 0,
        };
        let (address, length) = match self {
            Self::ListIsNowhere => (NOWHERE, 10),
            Self::ListIsTooLong => (u32::try_from(OBJECT).unwrap(), u32::MAX / 40),
            Self::ErrorClassDoesNotExist => (200, 0),
            _ => (u32::try_from(OBJECT).unwrap(), 1),
        };
        let tail = if self == Self::TailDoesNotExist { 9 } else { 1 };
        words([discriminant, 0, address, length, tail, 0, 0, 0])
    }

    /// The record `object`: id, no secondary ids, no version, no state, attributes.
    fn object(self) -> Vec<u8> {
        let (address, length) = match self {
            Self::TextIsNowhere => (NOWHERE, 4),
            Self::TextIsNoUtf8 => (1035, 2),
            _ => (1024, 4),
        };
        let version = if self == Self::OptionDoesNotExist { 2 } else { 0 };
        words([address, length, 0, 0, version, 0, 0, 0, 1033, 2])
    }
}

fn words(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

#[tokio::test]
async fn every_lie_costs_its_own_call_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut surprises = Vec::new();
    for lie in Lie::ALL {
        let path = folder.path().join(format!("{lie:?}.wasm"));
        fs::write(&path, lie.component()).unwrap();
        match runtime().load(&path).await {
            Err(LoadError::Describe { .. }) if lie.keeps_it_from_loading() => {}
            Ok(connector) if !lie.keeps_it_from_loading() => {
                let limits =
                    CallLimits { memory_bytes: 64 << 20, cpu_time: Duration::from_secs(2), ..CallLimits::default() };
                let session = connector.session(SessionSettings { limits, ..settings() }).unwrap();
                let ended = search(&session, "account").await;
                if !lie.is_caught(&ended) {
                    surprises.push(format!("{lie:?} came to {ended:?}"));
                }
            }
            other => surprises.push(format!("{lie:?} was loaded to {:?}", other.map(|_| "a connector"))),
        }
        assert_others_go_on().await;
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}
