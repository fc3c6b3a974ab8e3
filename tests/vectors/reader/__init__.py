# SPDX-License-Identifier: BSD-2-Clause
"""A second reader of the repository format, written from docs/format/ alone; ../read_repo.py is its command."""
