//! Directories after RFC 4511 with `inetOrgPerson` (RFC 2798), `groupOfNames` (RFC 4519) and `entryUUID` (RFC 4530).

use super::{Kind, Profile, Spec, one};

const USER: &[Spec] = &[
    one("uid", Kind::Text).required().unique(),
    one("cn", Kind::Text).required(),
    one("sn", Kind::Text).required(),
    one("givenName", Kind::Text),
    one("displayName", Kind::Text),
    one("initials", Kind::Text),
    one("mail", Kind::Text),
    one("title", Kind::Text),
    one("employeeNumber", Kind::Text),
    one("employeeType", Kind::Text),
    one("departmentNumber", Kind::Text),
    one("o", Kind::Text),
    one("ou", Kind::Text),
    one("manager", Kind::Name),
    one("secretary", Kind::Name),
    one("telephoneNumber", Kind::Text),
    one("mobile", Kind::Text),
    one("homePhone", Kind::Text),
    one("facsimileTelephoneNumber", Kind::Text),
    one("street", Kind::Text),
    one("l", Kind::Text),
    one("st", Kind::Text),
    one("postalCode", Kind::Text),
    one("postalAddress", Kind::Text),
    one("physicalDeliveryOfficeName", Kind::Text),
    one("roomNumber", Kind::Text),
    one("preferredLanguage", Kind::Text),
    one("description", Kind::Text),
    one("labeledURI", Kind::Text).many(),
    one("carLicense", Kind::Text).many(),
    one("jpegPhoto", Kind::Bytes),
];

const GROUP: &[Spec] = &[
    one("cn", Kind::Text).required().unique(),
    one("description", Kind::Text),
    one("owner", Kind::Name),
    one("ou", Kind::Text),
    one("o", Kind::Text),
];

/// The generic profile.
pub const GENERIC: Profile = Profile {
    id: "entryUUID",
    id_is_guid: false,
    user_filter: "(objectClass=inetOrgPerson)",
    user_classes: &["inetOrgPerson"],
    user_rdn: "uid",
    user: USER,
    user_names: &["uid", "mail"],
    password: "userPassword",
    group_class: "groupOfNames",
    group: GROUP,
    groups_need_a_member: true,
};
