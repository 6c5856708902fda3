"""What a workspace holds: records, names, descriptions, projects."""
