"""Objects in a running DataLab, by its Web API and its XML-RPC server."""
