# SPDX-License-Identifier: GPL-2.0-or-later
from PySide6.QtWidgets import QLabel

from ui.widgets.flow import Flow


def test_what_has_no_room_goes_into_the_next_line(qtbot, qapp):
    flow = Flow()
    labels = [QLabel("a label of some length") for _ in range(3)]
    for each in labels:
        flow.add(each)
    qtbot.addWidget(flow)
    flow.resize(2000, 100)
    flow.show()
    assert len({each.y() for each in labels}) == 1
    flow.resize(labels[0].sizeHint().width() + 10, 200)
    assert len({each.y() for each in labels}) == 3
    assert flow.heightForWidth(flow.width()) > 2 * labels[0].height()
    labels[0].setText("a label that has become very much longer")
    qapp.processEvents()
    flow.resize(2000, 100)
    assert labels[1].x() >= labels[0].geometry().right()
