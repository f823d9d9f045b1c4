"""What a sandboxed process reaches of the network with the profile files+network."""
