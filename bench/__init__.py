"""Measures boocoder against the bare parts that it is made of. It is no part of the product."""
