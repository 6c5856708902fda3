"""Give a new file the owner, group, permissions and attributes of the old one."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

from datalab_workspace.formats.save_errors import tolerated

#: The extended attribute that holds the access control list of a file.
_ACL = "system.posix_acl_access"


def inherit(descriptor: int, target: Path, old: os.stat_result) -> None:
    """Give a new file the properties of the file that it is going to replace.

    Owner, group, access control list and other extended attributes are kept where the
    system allows it. A group that cannot be kept has no more rights than everybody.

    Args:
        descriptor: The new file.
        target: The old file.
        old: Its status.

    Warns:
        UserWarning: The file system refuses to set the permissions.
    """
    if sys.platform == "win32":
        return
    mode = stat.S_IMODE(old.st_mode)
    has_group = _keep_owner(descriptor, old)
    if not has_group:
        mode &= ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3
    _keep_attributes(descriptor, target, with_acl=has_group)
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
        with tolerated("keep the permissions", target):
            os.fchmod(descriptor, mode)


def _keep_owner(descriptor: int, old: os.stat_result) -> bool:
    """Set owner and group as far as possible; return whether the group is kept."""
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except OSError:  # only root may give a file away, but members share a group
            with contextlib.suppress(OSError):
                os.fchown(descriptor, -1, old.st_gid)
    return os.fstat(descriptor).st_gid == old.st_gid


def _keep_attributes(descriptor: int, target: Path, *, with_acl: bool) -> None:
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(target)
    except OSError:  # the file system has no such attributes
        return
    for name in names:
        if name == _ACL and not with_acl:
            continue
        # Some attributes may only be set by root or by the system itself.
        with contextlib.suppress(OSError):
            os.setxattr(descriptor, name, os.getxattr(target, name))
