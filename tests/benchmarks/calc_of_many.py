"""Print the bytes by which a feature of all images of a file raises the memory."""

import sys
import warnings

import datalab_workspace as dlw
from support.measurement import Peak

warnings.simplefilter("ignore")
path, feature = sys.argv[1:]
workspace = dlw.open(path)
names = workspace.list()
workspace.calc(feature, on=names[0])  # what is imported stays
workspace = dlw.open(path)
with Peak() as peak:
    workspace.calc(feature, on=names)
sys.stdout.write(str(peak.peak))
