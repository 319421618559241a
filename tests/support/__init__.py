"""What several test rooms share: helpers without tests of their own."""
