"""TIFF stacks, colors and calibrations, and arrays of NumPy and MATLAB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import sigima.io
import skimage.io
import tifffile

import datalab_workspace as dlw

RANDOM = np.random.default_rng(0)
STACK = RANDOM.integers(0, 4000, (5, 30, 40)).astype(np.uint16)
COLORS = RANDOM.integers(0, 255, (20, 30, 3)).astype(np.uint8)
GRAY = np.round(COLORS.mean(axis=2)).astype(np.uint8)


def read(workspace: dlw.Workspace, path: Path | str, **options: Any) -> list[Any]:
    return [workspace.get(name) for name in workspace.read(path, **options)]


# -- TIFF -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "int16", "int32", "float32", "float64", ">u2"]
)
def test_one_image_is_as_sigima_reads_it(
    dtype: str, workspace: dlw.Workspace, folder: Path
) -> None:
    tifffile.imwrite("a.tif", STACK[0].astype(dtype))
    (image,) = read(workspace, "a.tif")
    other = sigima.io.read_image(str(folder / "a.tif"))
    assert image.data.dtype == np.dtype(dtype).newbyteorder("=")
    assert np.array_equal(image.data, other.data)
    assert (image.title, image.metadata["source"]) == (
        "a.tif",
        other.metadata["source"],
    )


def test_an_image_of_two_values_shows_both(
    workspace: dlw.Workspace, folder: Path
) -> None:
    tifffile.imwrite("a.tif", (STACK[0] > 2000).astype(np.uint8) * 9)
    (image,) = read(workspace, "a.tif")
    other = sigima.io.read_image(str(folder / "a.tif"))
    assert (image.zscalemin, image.zscalemax) == (other.zscalemin, other.zscalemax)
    assert (image.zscalemin, image.zscalemax) == (0, 9)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"imagej": True, "metadata": {"axes": "ZYX"}},
        {"imagej": True, "metadata": {"axes": "TYX"}},
        {"ome": True, "metadata": {"axes": "CYX"}},
        {"photometric": "minisblack", "metadata": None},
        {"bigtiff": True},
        {"compression": "zlib"},
    ],
)
def test_a_stack_is_an_image_for_each_frame(
    options: dict[str, Any], workspace: dlw.Workspace, folder: Path
) -> None:
    tifffile.imwrite("a.tif", STACK, **options)
    images = read(workspace, "a.tif")
    assert [image.title for image in images] == [f"a.tif {i:02d}" for i in range(5)]
    assert np.array_equal(np.stack([image.data for image in images]), STACK)


def test_a_stack_can_be_refused(workspace: dlw.Workspace, folder: Path) -> None:
    tifffile.imwrite("a.tif", STACK)
    with pytest.raises(dlw.UnreadableFileError, match="5 images; pass stack='images'"):
        workspace.read("a.tif", stack="refuse")
    assert len(workspace) == 0


def test_five_axes_give_an_image_for_each_plane(
    workspace: dlw.Workspace, folder: Path
) -> None:
    data = RANDOM.integers(0, 99, (2, 3, 2, 8, 9)).astype(np.uint16)
    tifffile.imwrite("a.tif", data, imagej=True, metadata={"axes": "TZCYX"})
    images = read(workspace, "a.tif")
    assert np.array_equal([image.data for image in images], data.reshape(-1, 8, 9))


def test_pages_of_several_shapes_are_all_read(
    workspace: dlw.Workspace, folder: Path
) -> None:
    with tifffile.TiffWriter("a.tif") as file:
        for frame in (STACK[0], STACK[1, :10], STACK[2]):
            file.write(frame, photometric="minisblack", metadata=None)
    images = read(workspace, "a.tif")
    assert sorted(image.data.shape for image in images) == [
        (10, 40),
        (30, 40),
        (30, 40),
    ]


def test_colors_become_gray_as_in_datalab(
    workspace: dlw.Workspace, folder: Path
) -> None:
    tifffile.imwrite("a.tif", COLORS, photometric="rgb")
    with pytest.warns(UserWarning, match=r"'a\.tif': a color image is the mean"):
        (image,) = read(workspace, "a.tif")
    assert np.array_equal(image.data, GRAY)
    other = sigima.io.read_image(str(folder / "a.tif"))
    assert np.array_equal(other.data, image.data)


def test_colors_in_planes_may_be_frames(workspace: dlw.Workspace, folder: Path) -> None:
    planes = np.moveaxis(COLORS, -1, 0)
    tifffile.imwrite("a.tif", planes, photometric="rgb", planarconfig="separate")
    with pytest.raises(dlw.UnreadableFileError, match="3 frames or an image with 3"):
        workspace.read("a.tif")
    with pytest.warns(UserWarning, match=r"'a\.tif': a color image is the mean"):
        (image,) = read(workspace, "a.tif", stack="colors")
    assert np.array_equal(image.data, GRAY)
    images = read(workspace, "a.tif", stack="images")
    assert np.array_equal([image.data for image in images], planes)


@pytest.mark.parametrize("channels", [3, 4])
def test_frames_that_may_be_colors_are_refused(
    channels: int, workspace: dlw.Workspace, folder: Path
) -> None:
    data = STACK[..., :channels]
    tifffile.imwrite("a.tif", data, photometric="minisblack")
    with pytest.raises(dlw.UnreadableFileError, match=f"image with {channels} colors"):
        workspace.read("a.tif")
    assert len(read(workspace, "a.tif", stack="images")) == 5
    with pytest.warns(UserWarning, match="mean"):
        (image,) = read(workspace, "a.tif", stack="colors")
    assert np.array_equal(image.data, np.round(data[..., :3].mean(axis=2)))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"imagej": True, "resolution": (5, 4), "metadata": {"unit": "um"}},
            (0.2, 0.25, "µm"),
        ),
        (
            {"imagej": True, "resolution": (5, 4), "metadata": {"unit": "micron"}},
            (0.2, 0.25, "µm"),
        ),
        (
            {"imagej": True, "resolution": (5, 4), "metadata": {"unit": "nm"}},
            (0.2, 0.25, "nm"),
        ),
        ({"imagej": True}, (1, 1, "")),
        ({"resolution": (300, 300), "resolutionunit": "inch"}, (1, 1, "")),
        (
            {
                "ome": True,
                "metadata": {
                    "axes": "YX",
                    "PhysicalSizeX": 0.2,
                    "PhysicalSizeXUnit": "nm",
                    "PhysicalSizeY": 0.25,
                    "PhysicalSizeYUnit": "nm",
                },
            },
            (0.2, 0.25, "nm"),
        ),
    ],
)
def test_the_size_of_a_pixel_is_read(
    options: dict[str, Any],
    expected: tuple[float, float, str],
    workspace: dlw.Workspace,
    folder: Path,
) -> None:
    tifffile.imwrite("a.tif", STACK[0], **options)
    (image,) = read(workspace, "a.tif")
    assert (image.dx, image.dy) == pytest.approx(expected[:2])
    assert image.xunit == image.yunit == expected[2]


def test_a_damaged_file_is_refused(workspace: dlw.Workspace, folder: Path) -> None:
    tifffile.imwrite("a.tif", STACK)
    whole = (folder / "a.tif").read_bytes()
    for data in (whole[:7000], whole[:30], b"II*\0", b"nothing"):
        (folder / "b.tif").write_bytes(data)
        with pytest.raises(dlw.UnreadableFileError, match=r"b\.tif': "):
            workspace.read("b.tif")
    assert len(workspace) == 0


# -- other pictures -------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_pictures(suffix: str, workspace: dlw.Workspace, folder: Path) -> None:
    skimage.io.imsave(f"a{suffix}", GRAY, check_contrast=False)
    (image,) = read(workspace, f"a{suffix}")
    assert np.array_equal(image.data, skimage.io.imread(f"a{suffix}"))
    skimage.io.imsave(f"b{suffix}", COLORS, check_contrast=False)
    with pytest.warns(UserWarning, match="mean of red, green and blue"):
        (image,) = read(workspace, f"b{suffix}")
    expected = np.round(skimage.io.imread(f"b{suffix}").mean(axis=2))
    assert np.array_equal(image.data, expected)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_a_damaged_picture_is_refused(
    suffix: str, workspace: dlw.Workspace, folder: Path
) -> None:
    skimage.io.imsave(f"a{suffix}", GRAY, check_contrast=False)
    whole = Path(f"a{suffix}").read_bytes()
    for data in (whole[:2], b"nothing", b""):
        Path(f"b{suffix}").write_bytes(data)
        with pytest.raises(dlw.UnreadableFileError, match=rf"b\{suffix}'"):
            workspace.read(f"b{suffix}")


def test_one_warning_names_all_color_images(
    workspace: dlw.Workspace, folder: Path
) -> None:
    for number in range(7):
        skimage.io.imsave(f"a{number}.png", COLORS, check_contrast=False)
    with pytest.warns(UserWarning, match="7 files: a color") as caught:
        workspace.read("*.png")
    assert len(caught) == 1


# -- arrays ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (np.arange(6.0), ["signal"]),
        (np.arange(6.0).reshape(3, 2), ["signal"]),
        (np.arange(6.0).reshape(2, 3), ["signal"]),
        (np.arange(30).reshape(5, 6), ["image"]),
        (STACK, ["image"] * 5),
        (np.arange(3) > 1, ["signal"]),
        (np.arange(4) * 1j, ["signal"]),
    ],
)
def test_arrays_of_numpy(
    data: Any, kinds: list[str], workspace: dlw.Workspace, folder: Path
) -> None:
    np.save("a.npy", data)
    names = workspace.read("a.npy")
    assert [workspace.describe(name).kind for name in names] == kinds


def test_a_square_array_can_be_curves(workspace: dlw.Workspace, folder: Path) -> None:
    np.save("a.npy", np.arange(9.0).reshape(3, 3))
    assert len(workspace.read("a.npy", kind="signal")) == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (np.array([{}, 1], dtype=object), "not an array of numbers"),
        (np.zeros(3, dtype=[("a", float)]), "dtype"),
        (np.array(["a"]), "dtype"),
        (np.zeros((0, 2)), "empty"),
        (np.float64(3), r"shape \(\)"),
        (np.zeros((2, 2, 2, 2)), "shape"),
        (np.zeros((40, 50, 3)), "colors; pass stack="),
    ],
)
def test_other_arrays_are_refused(
    data: Any, reason: str, workspace: dlw.Workspace, folder: Path
) -> None:
    np.save("a.npy", data, allow_pickle=True)
    with pytest.raises(dlw.UnreadableFileError, match=rf"a\.npy': .*{reason}"):
        workspace.read("a.npy")


class _Trap:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("trapped"),))


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_nothing_is_unpickled(
    suffix: str, workspace: dlw.Workspace, folder: Path
) -> None:
    data = np.array([_Trap()], dtype=object)
    if suffix == ".npy":
        np.save("a.npy", data, allow_pickle=True)
    else:
        np.savez("a.npz", trap=data)
    with pytest.raises(dlw.UnreadableFileError):
        workspace.read(f"a{suffix}")
    assert not Path("trapped").exists()


@pytest.mark.parametrize(
    ("variables", "kinds"),
    [
        ({"img": GRAY}, ["image"]),
        ({"sig": np.arange(12.0).reshape(6, 2)}, ["signal"]),
        ({"a": np.arange(6.0), "b": np.ones(6)}, ["signal", "signal"]),
    ],
)
def test_variables_of_matlab(
    variables: dict[str, Any],
    kinds: list[str],
    workspace: dlw.Workspace,
    folder: Path,
) -> None:
    scipy.io.savemat("a.mat", variables)
    names = workspace.read("a.mat")
    assert [workspace.describe(name).kind for name in names] == kinds


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"rate": 3.0, "y": np.ones(6)}, r"rate \(1x1 double\).*scipy\.io\.loadmat"),
        ({"note": "text"}, "note"),
        ({"y": np.ones(6), "img": GRAY}, "pass kind='signal' or kind='image'"),
    ],
)
def test_other_variables_of_matlab_are_refused(
    variables: dict[str, Any], reason: str, workspace: dlw.Workspace, folder: Path
) -> None:
    scipy.io.savemat("a.mat", variables)
    with pytest.raises(dlw.UnreadableFileError, match=reason):
        workspace.read("a.mat")


# -- images without a header ----------------------------------------------------------


def test_an_image_without_header(workspace: dlw.Workspace, folder: Path) -> None:
    STACK.astype(">u2").tofile("a.raw")
    options = {"width": 40, "height": 30, "dtype": "uint16", "count": 5}
    images = read(workspace, "a.raw", little_endian=False, **options)
    assert np.array_equal([image.data for image in images], STACK)
    with pytest.raises(
        dlw.UnreadableFileError, match="pass width=, height= and dtype="
    ):
        workspace.read("a.raw")
    with pytest.raises(dlw.UnreadableFileError, match="pass height, dtype as well"):
        workspace.read("a.raw", width=40)
    with pytest.raises(dlw.UnreadableFileError, match="truncated"):
        workspace.read("a.raw", width=40, height=90, dtype="float64")


# -- other formats --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "reason"),
    [
        (".spc", "GRAMS.*export it as text"),
        (".wfm", "waveform"),
        (".opju", "Origin"),
        (".xlsx", "read_excel"),
        (".gif", "convert it"),
        (".pkl", "could run a program"),
        (".foo", r"no reader takes files that end in '\.foo'"),
        ("", "no reader takes it"),
    ],
)
def test_other_formats_are_refused(
    suffix: str, reason: str, workspace: dlw.Workspace, folder: Path
) -> None:
    (folder / f"a{suffix}").write_bytes(b"\1\2\3")
    with pytest.raises(dlw.UnreadableFileError, match=reason):
        workspace.read(f"a{suffix}")


def test_an_hdf5_file_is_refused_with_its_content(
    workspace: dlw.Workspace, folder: Path
) -> None:
    with h5py.File("a.nxs", "w") as file:
        file["entry/data"] = [1, 2]
    with pytest.raises(dlw.UnreadableFileError, match=r"'entry'; read it with h5py"):
        workspace.read("a.nxs")
    workspace.add("x", np.zeros(3))
    workspace.save("b.h5")
    with pytest.raises(dlw.UnreadableFileError, match=r"workspace\.load"):
        workspace.read("b.h5")


def test_a_format_of_the_user_is_read(workspace: dlw.Workspace, folder: Path) -> None:
    from sigima.io.base import FormatInfo
    from sigima.io.signal.base import SignalFormatBase, SignalIORegistry

    class Mine(SignalFormatBase):
        FORMAT_INFO = FormatInfo(name="Mine", extensions="*.mine", readable=True)

        def read_xydata(self, filename: str) -> Any:
            return np.fromfile(filename).reshape(-1, 2)

    try:
        np.arange(8.0).tofile("a.mine")
        (signal,) = read(workspace, folder)
        assert signal.y.tolist() == [1, 3, 5, 7]
        np.zeros(3).tofile("b.mine")
        with pytest.raises(dlw.UnreadableFileError, match=r"reader failed.*reshape"):
            workspace.read("b.mine")
    finally:
        SignalIORegistry.get_formats()[:] = [
            one for one in SignalIORegistry.get_formats() if not isinstance(one, Mine)
        ]


@pytest.mark.parametrize("suffix", [".h5sig", ".h5ima"])
def test_the_files_of_sigima(
    suffix: str, workspace: dlw.Workspace, folder: Path
) -> None:
    if suffix == ".h5sig":
        obj = sigima.create_signal(
            "mine", np.arange(3.0), np.arange(3.0), units=("s", "V")
        )
        sigima.io.write_signal(f"a{suffix}", obj)
    else:
        obj = sigima.create_image("mine", STACK[0])
        sigima.io.write_image(f"a{suffix}", obj)
    assert workspace.read(f"a{suffix}") == ["mine"]
    assert workspace.read(f"a{suffix}") == ["mine"]
    with pytest.raises(dlw.UnreadableFileError, match="hold"):
        workspace.read(f"a{suffix}", kind="image" if suffix == ".h5sig" else "signal")
