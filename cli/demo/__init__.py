"""`dej demo`: a fresh embedded AWS, provisioned, used once, and shown."""
