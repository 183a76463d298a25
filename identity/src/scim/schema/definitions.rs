use super::{Attribute, Kind, ResourceType, Schema};

const fn of(name: &'static str, kind: Kind, about: &'static str) -> Attribute {
    Attribute {
        name,
        about,
        kind,
        many: false,
        required: false,
        case_exact: false,
        mutability: "readWrite",
        returned: "default",
        uniqueness: "none",
        canonical: &[],
    }
}

const fn text(name: &'static str, about: &'static str) -> Attribute {
    of(name, Kind::Text, about)
}

const fn complex(name: &'static str, subs: &'static [Attribute], about: &'static str) -> Attribute {
    of(name, Kind::Complex(subs), about)
}

impl Attribute {
    const fn many(self) -> Self {
        Self { many: true, ..self }
    }
    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
    const fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }
    const fn read_only(self) -> Self {
        Self { mutability: "readOnly", ..self }
    }
    const fn immutable(self) -> Self {
        Self { mutability: "immutable", ..self }
    }
    const fn unique(self) -> Self {
        Self { uniqueness: "server", ..self }
    }
    const fn one_of(self, canonical: &'static [&'static str]) -> Self {
        Self { canonical, ..self }
    }
}

/// What every resource has (RFC 7643, section 3.1). It is in no schema.
pub(super) const COMMON: &[Attribute] = &[
    Attribute { returned: "always", ..text("id", "Our identifier of the resource.").exact().read_only() },
    text("externalId", "The directory's identifier of the resource.").exact(),
    complex(
        "meta",
        &[
            text("resourceType", "The type of the resource.").exact().read_only(),
            of("created", Kind::Moment, "When it was made.").read_only(),
            of("lastModified", Kind::Moment, "When it was last changed.").read_only(),
            of("location", Kind::Reference(&["uri"]), "Where it is.").exact().read_only(),
            text("version", "Its version, as in the header ETag.").exact().read_only(),
        ],
        "About the resource.",
    )
    .read_only(),
];

const ENTERPRISE: &Schema = &Schema {
    id: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    about: "Where a person stands in their company.",
    attributes: &[
        text("employeeNumber", "The number that the company gave the person."),
        text("costCenter", "The name of a cost centre."),
        text("organization", "The name of an organisation."),
        text("division", "The name of a division."),
        text("department", "The name of a department."),
        complex(
            "manager",
            &[text("value", "The identifier of the manager, as the directory has it.").exact()],
            "The person's manager. Kept as it comes.",
        ),
    ],
};

const CORE_USER: &Schema = &Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    about: "A person.",
    attributes: &[
        text("userName", "The directory's name of the person; unique in the organisation.").required().unique(),
        complex(
            "name",
            &[
                text("formatted", "The whole name."),
                text("familyName", "The family name."),
                text("givenName", "The given name."),
            ],
            "The parts of the person's name.",
        ),
        text("displayName", "The name to be shown."),
        text("title", "The person's title."),
        text("preferredLanguage", "The person's language, as in the header Accept-Language."),
        of(
            "active",
            Kind::Flag,
            "Whether the person may be in the organisation. Where it is left out when a person is made: true. Taken \
             away, their membership ends at once.",
        )
        .required(),
        complex(
            "emails",
            &[
                text("value", "The address.").required(),
                text("type", "What kind of address it is.").one_of(&["work", "home", "other"]),
                of("primary", Kind::Flag, "Whether it is the address that counts: at most one is."),
            ],
            "The person's addresses. The primary one, or else the first, is where the invitation goes, and by which the \
             person is known. Where there is none, userName must be one.",
        )
        .many()
        .required(),
        complex(
            "groups",
            &[
                text("value", "The identifier of the group.").exact().read_only(),
                of("$ref", Kind::Reference(&["Group"]), "Where the group is.").exact().read_only(),
                text("display", "The group's name.").read_only(),
                text("type", "How the person belongs to it.").one_of(&["direct"]).read_only(),
            ],
            "The groups that the person is in. They are changed at the group.",
        )
        .many()
        .read_only(),
    ],
};

const CORE_GROUP: &Schema = &Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    about: "A group of people. The organisation may give it a role.",
    attributes: &[
        text("displayName", "The group's name.").required(),
        complex(
            "members",
            &[
                text("value", "The identifier of a user.").exact().immutable(),
                of("$ref", Kind::Reference(&["User"]), "Where the user is.").exact().immutable(),
                text("type", "The type of the member: users only.").one_of(&["User"]).immutable(),
            ],
            "The people in the group.",
        )
        .many(),
    ],
};

pub(crate) const USER: &ResourceType = &ResourceType {
    name: "User",
    endpoint: "/Users",
    about: "People of the organisation.",
    core: CORE_USER,
    extensions: &[ENTERPRISE],
};

pub(crate) const GROUP: &ResourceType = &ResourceType {
    name: "Group",
    endpoint: "/Groups",
    about: "Groups of the organisation's people.",
    core: CORE_GROUP,
    extensions: &[],
};

pub(crate) const ALL: [&ResourceType; 2] = [USER, GROUP];
