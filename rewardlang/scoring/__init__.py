"""Files of any size scored piece by piece: on one machine, or over the machines of a Ray cluster, with the same bytes at the end."""
