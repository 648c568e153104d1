"""The commands of `svardesk`, one module each; imported only when they are called."""
