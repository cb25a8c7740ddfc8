"""What the fault test is made of: see ../fault.py."""
