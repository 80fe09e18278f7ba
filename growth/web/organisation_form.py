"""The fields of an organisation, as the set-up page and the settings page ask for them."""

from pydantic import BaseModel

from growth.people.set_up import Organisation


class OrganisationForm(BaseModel):
    """The form's fields, as they were typed."""

    organisation: str = ""
    time_zone: str = ""
    currency: str = ""
    sender_name: str = ""
    sender_email: str = ""
    postal_address: str = ""

    def place(self) -> Organisation:
        """What it says about the organisation."""
        return Organisation(
            self.organisation,
            self.time_zone,
            self.currency,
            self.sender_name,
            self.sender_email,
            self.postal_address,
        )
