"""The network specs that ship with the package, as data: one YAML file per family."""
