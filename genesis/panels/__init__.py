"""Faces for JupyterLab and Voila, over the control API. None is built yet."""
