"""AWS's services as such: rows of DynamoDB, objects of S3."""
