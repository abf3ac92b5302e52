from reports.html.curves import curve_of, draw

LOG = "epoch,train_loss\n1,2.5\n2,nan\n3,1.5\n"


def curve(log: str):
    return curve_of(log, "train_loss", "a network", is_chosen=True, is_winner=True)


def test_a_log_gives_a_curve_without_what_is_no_number():
    found = curve(LOG)
    assert found is not None
    assert (tuple(found.epochs), tuple(found.values)) == ((1, 3), (2.5, 1.5))


def test_a_log_of_something_else_gives_none():
    assert curve("") is None
    assert curve("step,time\n1,2\n") is None


def test_the_winner_is_drawn_last():
    other = curve_of(LOG, "train_loss", "other", is_chosen=False, is_winner=False)
    drawn = draw([curve(LOG), other], "loss")
    assert drawn.index('class="curve"') < drawn.index('class="curve winner"')
