"""The part of Microsoft Graph that the console uses, answering over HTTP from the demo tenant."""
