"""The namespaces of the server, each as one table of methods and notifications."""
