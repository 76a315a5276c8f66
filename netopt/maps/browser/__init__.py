"""The browser map: one self-contained page with policies side by side and as difference."""
