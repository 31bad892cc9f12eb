//! Which collector the standard variables name.

use crate::TelemetryError;
use std::path::{Path, PathBuf};
use url::Url;

const FOR_ALL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const FOR_TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

/// Where traces are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    url: Url,
    ca: Option<PathBuf>,
}

impl Collector {
    /// The collector that the process's variables name; none where they name none, or switch OpenTelemetry off.
    ///
    /// # Errors
    /// They cannot be followed.
    pub fn from_environment() -> Result<Option<Self>, TelemetryError> {
        Self::named_by(|variable| std::env::var(variable).ok().filter(|value| !value.trim().is_empty()))
    }

    fn named_by(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, TelemetryError> {
        let off = variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if off || variable("OTEL_TRACES_EXPORTER").is_some_and(|exporter| exporter == "none") {
            return Ok(None);
        }
        let url = match (variable(FOR_TRACES), variable(FOR_ALL)) {
            (Some(url), _) => parsed(FOR_TRACES, &url)?,
            (None, Some(base)) => below(parsed(FOR_ALL, &base)?),
            (None, None) => return Ok(None),
        };
        let protocol =
            variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL").or_else(|| variable("OTEL_EXPORTER_OTLP_PROTOCOL"));
        if let Some(other) = protocol.filter(|protocol| protocol != "http/protobuf") {
            return Err(TelemetryError::Protocol(other));
        }
        let ca =
            variable("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE").or_else(|| variable("OTEL_EXPORTER_OTLP_CERTIFICATE"));
        Ok(Some(Self { url, ca: ca.map(PathBuf::from) }))
    }

    /// The URL that traces are posted to.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The certificates that the collector's must lead to, in place of the operating system's.
    pub(crate) fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }
}

fn parsed(variable: &'static str, text: &str) -> Result<Url, TelemetryError> {
    let wrong = |reason: &str| TelemetryError::Url { variable, reason: reason.to_owned() };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(wrong("it begins with neither http:// nor https://")),
    }
}

/// Where traces go below the base, as OpenTelemetry says.
fn below(mut base: Url) -> Url {
    let path = format!("{}/v1/traces", base.path().trim_end_matches('/'));
    base.set_path(&path);
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let of = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let collector = Collector::named_by(of).map_err(|error| error.to_string())?;
        Ok(collector.map(|collector| collector.url.to_string()))
    }

    #[test]
    fn nothing_is_sent_unless_a_collector_is_named() {
        assert_eq!(named(&[]), Ok(None));
        assert_eq!(named(&[(FOR_ALL, "http://collector:4318"), ("OTEL_SDK_DISABLED", "true")]), Ok(None));
        assert_eq!(named(&[(FOR_ALL, "http://collector:4318"), ("OTEL_TRACES_EXPORTER", "none")]), Ok(None));
    }

    #[test]
    fn the_variables_are_read_as_the_specification_says() {
        let found = |variables: &[(&str, &str)]| named(variables).unwrap().unwrap();
        assert_eq!(found(&[(FOR_ALL, "http://collector:4318")]), "http://collector:4318/v1/traces");
        assert_eq!(found(&[(FOR_ALL, "https://collector/otlp/")]), "https://collector/otlp/v1/traces");
        assert_eq!(found(&[(FOR_ALL, "http://a"), (FOR_TRACES, "http://b/in")]), "http://b/in");
        assert!(named(&[(FOR_ALL, "collector:4318")]).unwrap_err().contains(FOR_ALL));
        let spoken = [(FOR_ALL, "http://a"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
        assert!(named(&spoken).unwrap_err().contains("http/protobuf"));
    }
}
