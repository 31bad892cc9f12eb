//! Users: create, read, change, delete; managers, sessions, licences.

use super::answer::{Answer, Asked};
use super::directory::{Directory, Kind, Properties, licences, same};
use super::query::shown;
use serde_json::{Value, json};

/// The longest texts that Graph takes.
const LENGTHS: [(&str, usize); 8] = [
    ("displayName", 256),
    ("givenName", 64),
    ("surname", 64),
    ("mailNickname", 64),
    ("department", 64),
    ("jobTitle", 128),
    ("employeeId", 16),
    ("userPrincipalName", 113),
];

/// `POST /users`.
pub fn create(directory: &mut Directory, asked: &Asked) -> Answer {
    let Some(given) = asked.body.as_object() else { return Answer::bad("A JSON object is expected.") };
    for required in ["accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"] {
        if given.get(required).is_none_or(Value::is_null) {
            let message = format!("A value is required for property '{required}' of resource 'User'.");
            return Answer::detailed(400, "Request_BadRequest", message, &[("MissingRequiredProperty", required)]);
        }
    }
    if let Err(answer) = fits(directory, given, None) {
        return answer;
    }
    let id = directory.new_id();
    let mut user = Properties::new();
    user.insert("id".to_owned(), json!(id));
    user.insert("createdDateTime".to_owned(), json!("2026-01-01T00:00:00Z"));
    change(directory, &id, &mut user, given);
    directory.users.insert(id.clone(), user.clone());
    directory.unseen.insert(id.clone(), directory.lag);
    directory.touch(Kind::User, &id);
    Answer::created(shown(directory, Kind::User, &user, &asked.query))
}

/// `PATCH /users/{id}`.
pub fn update(directory: &mut Directory, id: &str, asked: &Asked) -> Answer {
    let Some(given) = asked.body.as_object() else { return Answer::bad("A JSON object is expected.") };
    let Some(mut user) = directory.users.get(id).cloned() else { return Answer::no_object(id) };
    if user.get("onPremisesSyncEnabled") == Some(&json!(true)) && given.keys().any(|name| name != "usageLocation") {
        return Answer::bad(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects \
             currently undergoing migration.",
        );
    }
    if let Err(answer) = fits(directory, given, Some(id)) {
        return answer;
    }
    change(directory, id, &mut user, given);
    directory.users.insert(id.to_owned(), user);
    directory.touch(Kind::User, id);
    Answer::empty()
}

fn change(directory: &mut Directory, id: &str, user: &mut Properties, given: &Properties) {
    for (name, value) in given {
        if name == "passwordProfile" {
            let password = value["password"].as_str().unwrap_or_default();
            directory.passwords.insert(id.to_owned(), password.to_owned());
        } else if value.is_null() {
            user.remove(name);
        } else {
            user.insert(name.clone(), value.clone());
        }
    }
}

/// Refuses what Graph refuses.
fn fits(directory: &Directory, given: &Properties, own: Option<&str>) -> Result<(), Answer> {
    for name in ["id", "proxyAddresses", "assignedLicenses", "createdDateTime", "manager", "memberOf"] {
        if given.contains_key(name) {
            let message = format!("Property '{name}' is read-only and cannot be set.");
            return Err(Answer::detailed(400, "Request_BadRequest", message, &[("PropertyReadOnly", name)]));
        }
    }
    for name in ["displayName", "usageLocation", "userPrincipalName"] {
        if given.get(name).is_some_and(|value| value.is_null() || value == "") {
            return Err(invalid(name));
        }
    }
    for (name, most) in LENGTHS {
        if given.get(name).and_then(Value::as_str).is_some_and(|text| text.chars().count() > most) {
            return Err(invalid(name));
        }
    }
    if given.get("businessPhones").and_then(Value::as_array).is_some_and(|phones| phones.len() > 1) {
        return Err(invalid("businessPhones"));
    }
    if let Some(password) = given.get("passwordProfile").and_then(|profile| profile["password"].as_str()) {
        let kinds: [fn(char) -> bool; 3] = [|c| c.is_lowercase(), |c| c.is_uppercase(), |c| c.is_ascii_digit()];
        if password.chars().count() < 8 || !kinds.iter().all(|kind| password.chars().any(kind)) {
            let message = "The specified password does not comply with password complexity requirements.";
            return Err(Answer::detailed(400, "Request_BadRequest", message, &[("PasswordComplexity", "password")]));
        }
    }
    if let Some(name) = given.get("userPrincipalName").and_then(Value::as_str) {
        if !name.ends_with("@contoso.example") {
            return Err(Answer::bad("The domain portion of the userPrincipalName property is invalid."));
        }
        unique(directory, "userPrincipalName", name, own)?;
    }
    match given.get("mail").and_then(Value::as_str) {
        Some(mail) => unique(directory, "mail", mail, own).map_err(|_| conflict("proxyAddresses")),
        None => Ok(()),
    }
}

fn unique(directory: &Directory, name: &str, value: &str, own: Option<&str>) -> Result<(), Answer> {
    let mut others = directory.users.iter().filter(|(id, _)| own != Some(id.as_str()));
    if others.any(|(_, user)| same(user.get(name), value)) { Err(conflict(name)) } else { Ok(()) }
}

fn conflict(target: &str) -> Answer {
    let message = format!("Another object with the same value for property {target} already exists.");
    Answer::detailed(400, "Request_BadRequest", message, &[("ObjectConflict", target)])
}

fn invalid(target: &str) -> Answer {
    let message = format!("Invalid value specified for property '{target}' of resource 'User'.");
    Answer::detailed(400, "Request_BadRequest", message, &[("InvalidValue", target)])
}

/// `PUT` and `DELETE /users/{id}/manager/$ref`, and `GET /users/{id}/manager`.
pub fn manager(directory: &mut Directory, id: &str, asked: &Asked) -> Answer {
    if !directory.users.contains_key(id) {
        return Answer::no_object(id);
    }
    match asked.method.as_str() {
        "GET" => match directory.managers.get(id) {
            Some(manager) => Answer::ok(directory.as_member(manager)),
            None => Answer::no_object("manager"),
        },
        "DELETE" => match directory.managers.remove(id) {
            Some(_) => {
                directory.touch(Kind::User, id);
                Answer::empty()
            }
            None => Answer::no_object("manager"),
        },
        _ => {
            let Some(manager) = referred(&asked.body).filter(|manager| directory.users.contains_key(manager)) else {
                return Answer::no_object("manager");
            };
            directory.managers.insert(id.to_owned(), manager);
            directory.touch(Kind::User, id);
            Answer::empty()
        }
    }
}

/// The id that a `@odata.id` refers to.
pub fn referred(body: &Value) -> Option<String> {
    body["@odata.id"].as_str()?.rsplit('/').next().map(str::to_owned)
}

/// `POST /users/{id}/assignLicense`.
pub fn assign_license(directory: &mut Directory, id: &str, body: &Value) -> Answer {
    let Some(mut user) = directory.users.get(id).cloned() else { return Answer::no_object(id) };
    let (Some(adds), Some(removes)) = (body["addLicenses"].as_array(), body["removeLicenses"].as_array()) else {
        return Answer::bad("Both addLicenses and removeLicenses are required.");
    };
    if !adds.is_empty() && user.get("usageLocation").and_then(Value::as_str).is_none() {
        return Answer::bad("License assignment cannot be done for user with invalid usage location.");
    }
    let mut held = licences(&user);
    for sku in removes {
        let before = held.len();
        held.retain(|licence| licence["skuId"] != *sku);
        if held.len() == before {
            let inherited = directory.licence_states(&user).iter().any(|state| state["skuId"] == *sku);
            return Answer::bad(if inherited {
                "User license is inherited from a group membership and it cannot be removed directly from the user."
            } else {
                "User does not have a corresponding license."
            });
        }
    }
    for added in adds {
        let sku = added["skuId"].as_str().unwrap_or_default();
        let Some(known) = directory.skus.get(sku) else {
            return Answer::bad(format!("License {sku} does not correspond to a valid company License."));
        };
        let has = directory.licence_states(&user).iter().any(|licence| licence["skuId"] == sku);
        if !has && directory.consumed(sku) >= known.seats {
            return Answer::bad(format!("Subscription with SKU {sku} does not have any available licenses."));
        }
        let disabled = added["disabledPlans"].as_array().cloned().unwrap_or_default();
        if disabled.iter().any(|plan| !plan.as_str().is_some_and(|plan| known.plans.contains_key(plan))) {
            return Answer::bad("A disabled service plan is not part of the license.");
        }
        held.retain(|licence| licence["skuId"] != sku);
        held.push(json!({"skuId": sku, "disabledPlans": disabled}));
    }
    user.insert("assignedLicenses".to_owned(), json!(held));
    directory.users.insert(id.to_owned(), user.clone());
    directory.touch(Kind::User, id);
    Answer::ok(shown(directory, Kind::User, &user, &Default::default()))
}
