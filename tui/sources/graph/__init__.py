"""Microsoft Graph: request builders and adapter of msgraph-sdk, raw bytes out, decoded into our own small structs."""
