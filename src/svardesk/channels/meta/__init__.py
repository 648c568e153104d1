"""What Messenger and the Facebook page share: the organisation's Meta app, the Graph API, its webhook and its rules."""
