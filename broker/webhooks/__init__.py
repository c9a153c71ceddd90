"""Telling others what became true: who wants to know, what they are told, and proof that it arrived."""
