"""Search over network designs: axes, scores, candidates and the store of studies."""
