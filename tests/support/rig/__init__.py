"""A private network with sinks, two real browsers, hostile pages: what gets out?"""
