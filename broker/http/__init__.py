"""The words of HTTP, shared by the features: routing, HAL, media types, pagination, problems."""
