//! The ways to authenticate to an endpoint, as they are declared, and the mistakes in them.

use purser_declare::{DeclarationErrors, Declarations, load};
use purser_model::configuration::{EndpointAuthentication, SecretReference};
use purser_model::oauth2::{OAuth2, SigningAlgorithm, TokenClient, TokenGrant};
use std::fs;

const TARGET: &str =
    "[target.app]\nconnector = \"scim\"\nclass = \"User\"\n[target.app.endpoint.api]\nurl = \"https://app.example\"\n";

fn declared(further: &str) -> Result<Declarations, DeclarationErrors> {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("a.toml"), format!("{TARGET}{further}")).expect("written");
    load(directory.path())
}

#[track_caller]
fn way(further: &str) -> EndpointAuthentication {
    let declared = declared(further).unwrap_or_else(|errors| panic!("{errors}"));
    let target = declared.configuration.targets.values().next().expect("one target");
    target.instance.grant.endpoints["api"].authentication.clone()
}

#[track_caller]
fn tokens(further: &str) -> OAuth2 {
    match way(&format!("[target.app.endpoint.api.oauth2]\n{further}")) {
        EndpointAuthentication::OAuth2(tokens) => *tokens,
        other => panic!("{other:?}"),
    }
}

/// What is said of a mistake, without file, place and key.
#[track_caller]
fn mistake(further: &str) -> String {
    let said = declared(further).expect_err("there is a mistake").to_string();
    assert_eq!(said.lines().count(), 1, "{said}");
    let place = said.rsplit("a.toml:").next().expect("it names the file");
    place.splitn(3, ": ").nth(2).expect("it names place and key").to_owned()
}

fn sealed(name: &str) -> SecretReference {
    SecretReference::Sealed(name.parse().expect("a name"))
}

#[test]
fn an_answer_may_say_where_the_application_is() {
    let basic =
        "token_url = \"https://login.example/token\"\nclient_id = \"app\"\nclient_secret = { secret = \"s\" }\n";
    assert_eq!(tokens(basic).base_from_token, None);
    let declared = tokens(&format!("{basic}base_from_token = \"instance_url\"\n"));
    assert_eq!(declared.base_from_token.as_deref(), Some("instance_url"));
    assert!(mistake(&format!("[target.app.endpoint.api.oauth2]\n{basic}base_from_token = \"\"")).contains("empty"));
}

#[test]
fn every_vendor_s_way_can_be_declared() {
    let entra = tokens(
        "token_url = \"https://login.example/t/oauth2/v2.0/token\"\nclient_id = \"app\"\n\
         scope = \"https://graph.example/.default\"\n\
         client_assertion = { key = { secret = \"graph-key\" }, certificate = \"graph.pem\" }\n",
    );
    let TokenClient::Assertion { id, assertion } = &entra.client else { panic!("{entra:?}") };
    assert_eq!((id.as_str(), assertion.issuer.as_str(), assertion.subject.as_deref()), ("app", "app", Some("app")));
    assert_eq!(assertion.audience, "https://login.example/t/oauth2/v2.0/token");
    assert!(assertion.certificate.as_ref().is_some_and(|path| path.is_absolute()));
    assert_eq!(
        (entra.grant, entra.scope.as_deref()),
        (TokenGrant::ClientCredentials, Some("https://graph.example/.default"))
    );

    let google = tokens(
        "token_url = \"https://oauth2.example/token\"\nscope = \"a b\"\n\
         jwt_bearer = { issuer = \"purser@p.example\", subject = \"admin@corp.example\", key = { file = \"sa.json\" } }\n",
    );
    let TokenGrant::JwtBearer(assertion) = &google.grant else { panic!("{google:?}") };
    assert_eq!(
        (assertion.algorithm, assertion.audience.as_str()),
        (SigningAlgorithm::Rs256, "https://oauth2.example/token")
    );
    assert_eq!((assertion.subject.as_deref(), google.client), (Some("admin@corp.example"), TokenClient::None));

    let salesforce = tokens(
        "token_url = \"https://my.example/services/oauth2/token\"\n\
         jwt_bearer = { issuer = \"key\", subject = \"u\", audience = \"https://login.example\", algorithm = \"ES256\", key = { secret = \"k\" } }\n",
    );
    let TokenGrant::JwtBearer(assertion) = &salesforce.grant else { panic!("{salesforce:?}") };
    assert_eq!((assertion.audience.as_str(), assertion.algorithm), ("https://login.example", SigningAlgorithm::Es256));

    let plain = "token_url = \"http://127.0.0.1:8080/token\"\nclient_id = \"c\"\nclient_secret = { secret = \"s\" }\n";
    let basic = TokenClient::SecretBasic { id: "c".into(), secret: sealed("s") };
    assert_eq!(tokens(plain).client, basic);
    let post = TokenClient::SecretPost { id: "c".into(), secret: sealed("s") };
    let further = format!("{plain}client_authentication = \"post\"\nparameters = {{ audience = \"api\" }}\n");
    assert_eq!((tokens(&further).client, &tokens(&further).parameters["audience"]), (post, &"api".to_owned()));

    let refreshed =
        tokens("token_url = \"https://l.example/t\"\nclient_id = \"c\"\nrefresh_token = { secret = \"r\" }\n");
    assert_eq!(refreshed.grant, TokenGrant::RefreshToken("r".parse().expect("a name")));
    assert_eq!(refreshed.client, TokenClient::Public { id: "c".into() });

    let header = way("header = { name = \"X-Api-Key\", value = { secret = \"k\" } }\n");
    assert_eq!(header, EndpointAuthentication::Header { name: "X-Api-Key".into(), value: sealed("k") });
    let mutual = way("client_certificate = { certificate = \"client.pem\", key = { secret = \"k\" } }\n");
    assert!(
        matches!(&mutual, EndpointAuthentication::ClientCertificate { certificate, .. } if certificate.is_absolute())
    );
    assert_eq!(mutual.sealed_secrets(), [&"k".parse().expect("a name")]);
}

#[test]
fn an_endpoint_has_one_way_to_authenticate() {
    let two = "bearer = { env = \"A\" }\nheader = { name = \"X-Key\", value = { env = \"B\" } }\n";
    assert_eq!(mistake(two), "an endpoint has one way to authenticate: remove `header` or `bearer`");
}

#[test]
fn headers_and_users_that_are_none() {
    let header = |name: &str| mistake(&format!("header = {{ name = \"{name}\", value = {{ env = \"A\" }} }}\n"));
    for name in ["Content-Length", "host", "Transfer-Encoding", "Cookie", "Proxy-Authorization"] {
        assert_eq!(header(name), format!("the header `{name}` frames the request and carries no credential"));
    }
    assert_eq!(header("X Key"), "`X Key` cannot be the name of a header: use letters, digits and `-`");
    let colon = mistake("basic = { user = \"a:b\", password = { env = \"A\" } }\n");
    assert!(colon.contains("holds no colon"), "{colon}");
}

#[test]
fn tokens_that_cannot_be_got_so() {
    let oauth2 = |further: &str| mistake(&format!("[target.app.endpoint.api.oauth2]\n{further}"));
    let url = "token_url = \"https://l.example/t\"\n";
    let id = "client_id = \"c\"\n";
    for (further, said) in [
        (
            "token_url = \"http://l.example/t\"\nclient_id = \"c\"\nclient_secret = { env = \"A\" }\n".to_owned(),
            "tokens travel over TLS",
        ),
        (
            "token_url = \"https://u:hunter2@l.example/t\"\nclient_id = \"c\"\nclient_secret = { env = \"A\" }\n"
                .to_owned(),
            "holds a user or password",
        ),
        ("client_id = \"c\"\nclient_secret = { env = \"A\" }\n".to_owned(), "`token_url` is missing"),
        (format!("{url}client_secret = {{ env = \"A\" }}\n"), "`client_id` is missing"),
        (format!("{url}{id}"), "`client_secret` or `client_assertion` is missing"),
        (format!("{url}{id}client_secret = \"hunter2\"\n"), "a secret never stands in a declaration"),
        (
            format!("{url}{id}client_secret = {{ env = \"A\" }}\nclient_assertion = {{ key = {{ env = \"B\" }} }}\n"),
            "a client shows one thing",
        ),
        (format!("{url}{id}refresh_token = {{ env = \"R\" }}\n"), "a server may answer a new refresh token"),
        (
            format!(
                "{url}{id}refresh_token = {{ secret = \"r\" }}\njwt_bearer = {{ issuer = \"i\", key = {{ env = \"K\" }} }}\n"
            ),
            "a token is got in one way",
        ),
        (format!("{url}jwt_bearer = {{ key = {{ env = \"K\" }} }}\n"), "`issuer` is missing"),
        (
            format!("{url}jwt_bearer = {{ issuer = \"i\", key = {{ env = \"K\" }}, algorithm = \"HS256\" }}\n"),
            "unknown value `HS256`",
        ),
        (format!("{url}jwt_bearer = {{ issuer = \"i\", key = {{ env = \"K\" }}, lifetime = \"2h\" }}\n"), "10s to 1h"),
        (
            format!("{url}{id}client_secret = {{ env = \"A\" }}\nparameters = {{ grant_type = \"password\" }}\n"),
            "`grant_type` is written by the host",
        ),
        (
            format!("{url}{id}refresh_token = {{ secret = \"r\" }}\nclient_authentication = \"post\"\n"),
            "and there is none",
        ),
    ] {
        let found = oauth2(&further);
        assert!(found.contains(said) && !found.contains("hunter2"), "{further}: {found}");
    }
}
