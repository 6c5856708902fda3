"""Checks of what notebooks/gallery/batch_folder.ipynb claims."""


@claim(
    "Its light decays faster when it is hot, because the ions also lose their energy to the lattice: $1/\\tau = 1/\\tau_0 + s\\, e^{-E/kT}$ (Mott and Seitz).",
    "The decays are simulated, so that the activation energy is known: $E$ = 0.45 eV.",
)
def _():
    rate = 1 / tau0 + s * np.exp(-0.45 / (k * 500))
    assert np.isclose(1 / lifetime(500), rate)
    assert lifetime(600) < lifetime(300) / 2
    assert abs(best[2] - 0.45) < 2 * spread[2]
    between(0.5, chi2, 1.6)


@claim(
    "Two files are bad: in one, the oscilloscope was overloaded, and in the other, it stopped after two samples.",
    "One file is repaired, and the other recorded again.",
    "`retry` computes these two alone.",
    "The function of one file",
)
def _():
    assert rows[30] == "OVERLOAD"
    assert retried == ["decay_420K", "decay_480K"]
    assert table["error"].isna().all()


@claim(
    "Overnight, the furnace goes on, and ten more files arrive.",
    "The same call as before computes these ten.",
)
def _():
    assert len(computed) == 10
    assert all(int(name[6:-1]) >= 600 for name in computed)
