"""Recovery keys that were backed up to on-premises Active Directory.

The console's side (`directory`) starts a child (`serving`) that alone speaks LDAP: libldap blocks while it connects,
and its settings hold for a whole process. Neither ever asks for a recovery password; `password` does, for the vault.
"""
