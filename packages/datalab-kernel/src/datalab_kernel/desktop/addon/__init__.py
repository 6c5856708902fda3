"""The add-on: two files that let notebooks work with a DataLab that has no pip.

They are put into DataLab's plugin folder, only when the user asks for it. `plugin` is
the first of them, which DataLab imports as a plugin. The second is an archive with the
sources of the companion, and of the modules that the companion needs.

* `archive` makes the archive: the modules get a private name in it, so that they
  neither hide installed packages nor are plugins to DataLab;
* `loader` is in the archive, and imports its modules by that name;
* `folder` finds the plugin folder, and installs, compares and removes the files.
"""
