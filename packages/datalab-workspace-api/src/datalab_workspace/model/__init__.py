"""The data model of a workspace: records, names, descriptions and projects."""
