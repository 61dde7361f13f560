"""Pretrained networks: catalogue, weights, preprocessing as data, engines."""
