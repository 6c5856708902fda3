"""The formats of measured files: those that are read, and why others are not."""

from __future__ import annotations

import sys
from pathlib import Path

from datalab_workspace.errors import UnreadableFileError
from datalab_workspace.measured_files.arrays import refuse_npz
from datalab_workspace.measured_files.options import ReadOptions, given

TABLES = frozenset((".csv", ".txt"))
#: Suffixes of text tables that sigima does not list, and of its text images.
MORE_TABLES = frozenset(
    (".asc", ".dat", ".dpt", ".lvm", ".prn", ".tab", ".tsv", ".xy", ".xye")
)
PICTURES = frozenset((".bmp", ".jpg", ".jpeg", ".png"))
TIFF = frozenset((".tif", ".tiff"))
DICOM = frozenset((".dcm", ".dicom"))
#: The suffixes that sigima reads, so that a folder can be listed without sigima.
SIGIMAS = (
    TABLES
    | PICTURES
    | TIFF
    | DICOM
    | frozenset((".asc", ".gel", ".h5ima", ".h5sig", ".ima", ".jp2", ".mat", ".mca"))
    | frozenset((".ndpi", ".npy", ".rec", ".scor-data", ".sif", ".sig", ".spe"))
    | frozenset((".raw", ".xyz"))
)

_EXPORT = "export it as text (CSV) or TIFF from the program that wrote it"
#: Formats of other programs, and what to do with such a file.
_OTHERS = {
    ".spc": ("a spectrum of GRAMS (Thermo Galactic)", _EXPORT),
    ".wdf": ("a file of Renishaw's spectrometers", _EXPORT),
    ".opj": ("a project of Origin", _EXPORT),
    ".opju": ("a project of Origin", _EXPORT),
    ".wfm": ("a waveform of an oscilloscope", "save it as CSV at the oscilloscope"),
    ".isf": ("a waveform of Tektronix", "save it as CSV at the oscilloscope"),
    ".trc": ("a waveform of LeCroy", "save it as text at the oscilloscope"),
    ".dm3": ("an image of Gatan DigitalMicrograph", _EXPORT),
    ".dm4": ("an image of Gatan DigitalMicrograph", _EXPORT),
    ".czi": ("an image of Zeiss ZEN", _EXPORT),
    ".lif": ("an image of Leica LAS", _EXPORT),
    ".nd2": ("an image of Nikon NIS", _EXPORT),
    ".tdms": ("a file of LabVIEW", "read it with the package npTDMS, or export it"),
    ".xls": ("a workbook of Excel", "pass pandas.read_excel(path) to workspace.add"),
    ".xlsx": ("a workbook of Excel", "pass pandas.read_excel(path) to workspace.add"),
    ".ods": ("a spreadsheet", "pass pandas.read_excel(path) to workspace.add"),
    ".fits": ("a FITS file", "read it with astropy and pass its arrays to add"),
    ".fit": ("a FITS file", "read it with astropy and pass its arrays to add"),
    ".edf": ("an image of ESRF", "read it with fabio and pass its array to add"),
    ".pkl": ("a pickle, which could run a program", "do not open it from others"),
    ".pickle": ("a pickle, which could run a program", "do not open it from others"),
    ".gif": ("a picture of a web page", "convert it to PNG or TIFF"),
    ".raw": ("an image without a header", "pass width=, height= and dtype="),
}
_HDF5 = frozenset((".h5", ".hdf5", ".hdf", ".nxs", ".nx5", ".he5"))


def kinds_of(path: Path) -> list[str]:
    """Return the kinds of objects for which sigima has a reader of a suffix."""
    from sigima.io.base import IOAction
    from sigima.io.image.base import ImageIORegistry
    from sigima.io.signal.base import SignalIORegistry

    found = []
    for kind, registry in (("signal", SignalIORegistry), ("image", ImageIORegistry)):
        try:
            registry.get_format(path.name, IOAction.LOAD)
        except NotImplementedError:
            continue
        found.append(kind)
    return found


def is_readable(suffix: str, options: ReadOptions) -> bool:
    """Return whether some reader takes files of a suffix, which is in lower case."""
    if suffix == ".raw":
        return bool(given(options.raw))  # which say how it is built
    if suffix in MORE_TABLES | DICOM | SIGIMAS:
        return True
    # Where sigima is not in memory, nothing has added a format to it.
    return "sigima.io.base" in sys.modules and bool(kinds_of(Path(f"file{suffix}")))


def is_measured(suffix: str) -> bool:
    """Return whether a suffix belongs to measured files, readable or not."""
    return suffix in _OTHERS or suffix in _HDF5 or suffix == ".npz"


def refusal(path: Path) -> UnreadableFileError:
    """Return the error for a file that no reader takes."""
    suffix = path.suffix.lower()
    if suffix in _OTHERS:
        what, remedy = _OTHERS[suffix]
        return UnreadableFileError.of(path, f"it is {what}", remedy)
    if suffix == ".npz":
        return refuse_npz(path)
    with path.open("rb") as file:
        head = file.read(8)
    if head == b"\x89HDF\r\n\x1a\n" or suffix in _HDF5:
        return _of_hdf5(path)
    return UnreadableFileError.of(
        path,
        f"no reader takes files that end in {suffix!r}"
        if suffix
        else "no reader takes it",
        "rename a table to .txt; a class in sigima.io adds another format",
    )


def _of_hdf5(path: Path) -> UnreadableFileError:
    from datalab_workspace.runtime import require

    require("h5py", "an HDF5 file")
    import h5py

    try:
        with h5py.File(path, "r") as file:
            names = list(file)
    except OSError as error:
        return UnreadableFileError.of(
            path, f"it is not an HDF5 file, or it is damaged ({error})"
        )
    if {"DataLab_Version"} & set(names) or "workspace" in names:
        return UnreadableFileError.of(
            path, "it is a project", "workspace.load(path) reads projects"
        )
    held = ", ".join(map(repr, names[:8])) or "nothing"
    return UnreadableFileError.of(
        path,
        f"it is an HDF5 file that holds {held}",
        "read it with h5py and pass its arrays to workspace.add(name, array)",
    )
