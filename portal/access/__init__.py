"""Who may do what: permissions, roles, the policy, and the action through which everything happens."""
