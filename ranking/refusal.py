"""Why a company of "rank my list" is not ranked (F-2)."""

from enum import StrEnum


class Refusal(StrEnum):
    """The reason of one candidate: the first that holds, in the order in which they stand here.

    `exclude.*` and `include.*` name the filter of the request; location stands for countries, regions and cities. Exclusions hold
    where any record of the same business meets them.
    """

    UNKNOWN_ID = "unknown_id"
    DO_NOT_CONTACT = "do_not_contact"
    EXEMPLAR = "exemplar"
    EXCLUDED_COMPANIES = "exclude.companies"
    EXCLUDED_KEYWORDS = "exclude.keywords"
    EXCLUDED_INDUSTRIES = "exclude.industries"
    EXCLUDED_EMPLOYEES = "exclude.employees"
    EXCLUDED_LOCATION = "exclude.location"
    EXCLUDED_TECHNOLOGIES = "exclude.technologies"
    EXCLUDED_STAGES = "exclude.stages"
    INACTIVE = "inactive"
    NO_CONTACT = "no_contact"
    EXCLUDED_ROLES = "exclude.roles"
    EXCLUDED_SENIORITIES = "exclude.seniorities"
    INDUSTRIES = "include.industries"
    EMPLOYEES = "include.employees"
    LOCATION = "include.location"
    TECHNOLOGIES = "include.technologies"
    STAGES = "include.stages"
    ROLES = "include.roles"
    SENIORITIES = "include.seniorities"
