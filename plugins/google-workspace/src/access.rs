//! What each part of the API needs: the scopes to delegate, in the words of the Admin console.

/// A part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Users and aliases.
    Users,
    /// Ending sessions.
    UserSecurity,
    /// Groups and members.
    Groups,
    /// Org units.
    OrgUnits,
    /// Admin roles.
    Roles,
    /// Custom schemas.
    Schemas,
    /// Licences.
    Licences,
}

impl Part {
    /// The scope in full.
    pub fn scope(self) -> &'static str {
        match self {
            Self::Users => "https://www.googleapis.com/auth/admin.directory.user",
            Self::UserSecurity => "https://www.googleapis.com/auth/admin.directory.user.security",
            Self::Groups => "https://www.googleapis.com/auth/admin.directory.group",
            Self::OrgUnits => "https://www.googleapis.com/auth/admin.directory.orgunit",
            Self::Roles => "https://www.googleapis.com/auth/admin.directory.rolemanagement",
            Self::Schemas => "https://www.googleapis.com/auth/admin.directory.userschema",
            Self::Licences => "https://www.googleapis.com/auth/apps.licensing",
        }
    }

    /// What it is for.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Users => "users and their aliases are listed and changed",
            Self::UserSecurity => "sessions of suspended users are ended, with `sign_out = true`",
            Self::Groups => "groups and their members are listed and changed",
            Self::OrgUnits => "org units are listed and created",
            Self::Roles => "admin roles are listed and assigned",
            Self::Schemas => "custom attributes are discovered",
            Self::Licences => "licences are listed and assigned, with `licences`",
        }
    }

    /// What the administrator in `subject` must have, as the console names it on the page of an admin role.
    pub fn privilege(self) -> &'static str {
        match self {
            Self::Users => "Admin API privileges > Users",
            Self::UserSecurity => "Admin API privileges > User Security Management",
            Self::Groups => "Admin API privileges > Groups",
            Self::OrgUnits => "Admin API privileges > Organizational Units",
            Self::Roles => "Super Admin, since no other role manages admin roles",
            Self::Schemas => "Admin API privileges > Schema Management",
            Self::Licences => "Admin API privileges > License Management",
        }
    }

    /// All parts.
    pub const ALL: [Self; 7] =
        [Self::Users, Self::UserSecurity, Self::Groups, Self::OrgUnits, Self::Roles, Self::Schemas, Self::Licences];
}
