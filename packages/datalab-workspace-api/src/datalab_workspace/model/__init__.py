"""The data model: records, names, descriptions and projects."""
