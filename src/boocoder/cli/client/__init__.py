"""What a command does with the API's client: reaching a service or starting one, and what a person's words name."""
