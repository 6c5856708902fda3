"""Checks of what notebooks/gallery/compare_filters.ipynb claims."""


@claim(
    "Two copies of it get noise of known strength: Gaussian noise with a standard deviation of 0.1, and impulses that make 5 % of the pixels white or black, as defects of a camera do.",
)
def _():
    assert abs((gaussian - true).std() - 0.1) < 0.002
    assert abs((np.abs(impulses - true) > 0).mean() - 0.05) < 0.004
    assert {*impulses[impulses != true]} == {0.0, 1.0}


@claim(
    "The values are from 0 to 1.",
)
def _():
    assert true.min() >= 0
    assert true.max() <= 1


@claim(
    "The peak signal-to-noise ratio (PSNR) compares the largest possible difference, here 1, with the root mean square of the differences from the true image.",
)
def _():
    assert np.isclose(
        psnr("Gaussian"), -20 * np.log10(np.sqrt(((gaussian - true) ** 2).mean()))
    )


@claim(
    "It is in decibels, and more is better: 6 dB more is half the error.",
)
def _():
    halved = peak_signal_noise_ratio(true, true + (gaussian - true) / 2, data_range=1)
    assert abs(halved - psnr("Gaussian") - 6) < 0.1


@claim(
    "Total variation is the best filter against Gaussian noise, by a small margin.",
)
def _():
    ordered = table["Gaussian"].sort_values()
    assert ordered.index[-1] == "denoise_tv"
    assert 0 < ordered.iloc[-1] - ordered.iloc[-2] < 1


@claim(
    "The median is by far the best against impulses.",
)
def _():
    ordered = table["impulses"].sort_values()
    assert ordered.index[-1] == "moving_median"
    assert ordered.iloc[-1] - ordered.iloc[-2] > 6


@claim(
    "The filters that take averages spread an impulse over its neighbours; the median leaves it out.",
)
def _():
    single = np.zeros((5, 5))
    single[2, 2] = 1
    average = workspace.get(
        workspace.calc("moving_average", on=workspace.add("single", single), n=3)
    )
    median = workspace.get(workspace.calc("moving_median", on="single", n=3))
    assert (average.data > 0).sum() == 9
    assert not median.data.any()


@claim(
    "A filter that is too weak leaves noise, and one that is too strong removes the flower.",
)
def _():
    assert quality[0] < max(quality) - 3
    assert quality[-1] < max(quality) - 1
    assert 0 < np.argmax(quality) < len(quality) - 1


@claim(
    "Those that the Gaussian filter removes are clearer than those that total variation removes.",
)
def _():
    steep = np.hypot(
        *np.gradient(workspace.get(workspace.calc("gaussian_filter", on="true")).data)
    )
    edges = steep > np.quantile(steep, 0.9)
    at_edges = {
        name: np.var(left[edges]) / np.var(left[~edges])
        for name, left in removed.items()
    }
    assert at_edges["gaussian_filter"] > 1.1 * at_edges["denoise_tv"]


@claim(
    "You get a table that says which filter comes closest to the true image, for two kinds of noise, and pictures of the best and the worst.",
)
def _():
    assert [*table.columns] == noisy
    assert len(noisy) == 2
    assert len(table) == len(filters) + 1


@claim(
    "`calc` takes the two images at once and returns the names of two new ones.",
)
def _():
    assert all(len(names) == 2 for names in filtered.values())


@claim(
    "A filter that suits the noise is worth more than the best parameter of another one.",
)
def _():
    sigmas = (0.5, 1.0, 1.5, 2.0)
    others = [
        psnr(workspace.calc("gaussian_filter", on="impulses", sigma=s)) for s in sigmas
    ]
    assert max(others) < psnr(filtered["moving_median"][1]) - 3
