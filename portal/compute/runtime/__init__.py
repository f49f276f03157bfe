"""Running model code outside the portal: sandboxed scorer processes behind one local socket; no Django inside."""
